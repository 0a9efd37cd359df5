import { defineConfig } from "vite";

// A server of `cargo run -p chatbot`, or another one: VITE_BURDOCK=http://127.0.0.1:4000 npm run dev
const target = process.env["VITE_BURDOCK"] ?? "http://127.0.0.1:3000";

export default defineConfig({
  server: {
    proxy: { "/api": { target, rewrite: (path) => path.replace(/^\/api/, "") } },
  },
});
