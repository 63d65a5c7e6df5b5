import react from '@vitejs/plugin-react';
import { defineConfig, loadEnv } from 'vite';

// The policy that a web server should send with the page. The QR code of an authenticator app is a `data:` URI.
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

export default defineConfig(({ mode }) => {
  const { USERPROFILE_URL = 'http://127.0.0.1:8080' } = loadEnv(mode, '.', 'USERPROFILE_');
  return {
    plugins: [react()],
    // Page and API share one origin, so that the cookies belong to this page; in `vite preview` too. `Host` is
    // forwarded unchanged, because the server recognises its own pages by it.
    server: { proxy: { '/graphql': { target: USERPROFILE_URL, changeOrigin: false } } },
    preview: { headers: { 'Content-Security-Policy': CONTENT_SECURITY_POLICY } },
  };
});
