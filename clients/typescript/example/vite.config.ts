import { defineConfig, type HttpProxy } from "vite";

// A server of `cargo run -p chatbot`, or another one: VITE_BURDOCK=http://127.0.0.1:4000 npm run dev
const target = process.env["VITE_BURDOCK"] ?? "http://127.0.0.1:3000";

/** Vite keeps an answer open whose server died, and a stream would seem to be silent. */
function breakToo(proxy: HttpProxy.ProxyServer): void {
  proxy.on("proxyRes", (answer, _, onward) => {
    answer.on("close", () => {
      if (!answer.complete) onward.destroy();
    });
  });
}

export default defineConfig({
  server: {
    proxy: { "/api": { target, rewrite: (path) => path.replace(/^\/api/, ""), configure: breakToo } },
  },
});
