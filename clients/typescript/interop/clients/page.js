import { browser } from "../../example/test/browser.js";

/** Chromium, on a page of the origin of the streams. */
export async function page(t, base) {
  const context = await browser(t);
  const page = await context.newPage();
  await page.goto(`${base}/__interop/`);
  return page;
}

/** Chromium's own EventSource. It is over when the answer to its last reconnect is 204. */
export function chromiumEventSource(page, url) {
  return page.evaluate(
    (url) =>
      new Promise((resolve) => {
        const seen = [];
        const source = new EventSource(url);
        source.onmessage = ({ lastEventId, data }) => seen.push([lastEventId, data]);
        source.onerror = () => source.readyState === EventSource.CLOSED && resolve(seen);
      }),
    url,
  );
}

/** @microsoft/fetch-event-source. It does not come back after a clean end, unless it is told to. */
export function fetchEventSource(page, url) {
  return page.evaluate(async (url) => {
    const { fetchEventSource } = await import("/__interop/index");
    const seen = [];
    await fetchEventSource(url, {
      openWhenHidden: true,
      onmessage: ({ id, data }) => void seen.push([id, data]),
    });
    return seen;
  }, url);
}
