import { defineConfig } from 'vite';

/**
 * Built into web/dist, which the gateway serves at `/` under a policy that allows scripts, styles and images
 * from its own origin only: so nothing is inlined, and nothing is loaded from elsewhere.
 */
export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2023',
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    // `vite web` beside a running server: the page reloads as it is edited.
    proxy: {
      '/api': 'http://127.0.0.1:8080',
      '/ws': { target: 'ws://127.0.0.1:8080', ws: true },
    },
  },
});
