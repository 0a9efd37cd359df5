import { browser } from "../../example/test/browser.js";

/** Opens a Chromium page with the same origin as the streams. */
export async function page(t, base) {
  const context = await browser(t);
  const page = await context.newPage();
  await page.goto(`${base}/__interop/`);
  return page;
}

/** Follows with Chromium's EventSource, which closes when the response to a reconnect is 204. */
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

/** Follows with @microsoft/fetch-event-source, which does not reconnect after a clean end. */
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
