import { defineConfig, type HttpProxy } from "vite";

// The server of `cargo run -p chatbot`, or another one: VITE_BURDOCK=http://127.0.0.1:4000 npm run dev
const target = process.env["VITE_BURDOCK"] ?? "http://127.0.0.1:3000";

/** Aborts the response when the response of the server is aborted. By default Vite keeps it open. */
function forwardAbort(proxy: HttpProxy.ProxyServer): void {
  proxy.on("proxyRes", (response, _, onward) => {
    response.on("close", () => {
      if (!response.complete) onward.destroy();
    });
  });
}

export default defineConfig({
  server: {
    proxy: { "/api": { target, rewrite: (path) => path.replace(/^\/api/, ""), configure: forwardAbort } },
  },
});
