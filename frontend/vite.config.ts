import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const GALLERY = "http://127.0.0.1:8080";
// The gallery takes changes from its own page alone, which this is.
const FROM_ITS_PAGE = { target: GALLERY, changeOrigin: true, headers: { Origin: GALLERY } };

export default defineConfig({
  plugins: [react()],
  server: {
    fs: { allow: [".."] }, // the sample photos are those of layers/resnet50
    proxy: { "/api": FROM_ITS_PAGE, "/media": FROM_ITS_PAGE },
  },
  build: {
    sourcemap: false,
    // The gallery, and the description of its API: two pages that share next to no code.
    rolldownOptions: { input: ["index.html", "docs.html"], checks: { bundlerTimings: false } },
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1600, // kB; Swagger UI, on the page of its own
    // Inlined files would be data: URLs, which a strict Content-Security-Policy refuses.
    assetsInlineLimit: 0,
  },
  test: {
    isolate: false,
    testTimeout: 20_000, // machines may be busy
    restoreMocks: true,
    unstubGlobals: true,
    projects: [
      { extends: true, test: { name: "logic", environment: "node", include: ["tests/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "page",
          environment: "jsdom",
          include: ["tests/**/*.test.tsx"],
          setupFiles: ["tests/setup.ts"],
        },
      },
    ],
  },
});
