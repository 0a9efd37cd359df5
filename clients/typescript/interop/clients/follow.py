"""Follows a stream with httpx-sse until it ends with 204, and prints [id, data] for each event."""

import json
import sys
import time

import httpx
from httpx_sse import connect_sse

url = sys.argv[1]
last_event_id = ""
delay = 1.0
with httpx.Client(timeout=httpx.Timeout(30.0)) as client:
    while True:
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        try:
            with connect_sse(client, "GET", url, headers=headers) as source:
                if source.response.status_code == 204:
                    break
                source.response.raise_for_status()
                for event in source.iter_sse():
                    last_event_id = event.id
                    if event.retry is not None:
                        delay = event.retry / 1000
                    print(json.dumps([event.id, event.data], ensure_ascii=False))
        except httpx.TransportError:
            pass
        time.sleep(delay)
