// A service worker that keeps what the page loaded, so that it works without a network: the network first, then what is kept.
// The larger programs are kept when they were used.

const store = 'corslint-playground';
const page = ['./', 'page.css', 'icon.svg', 'page.js', 'element.js', 'editor.js', 'results.js', 'link.js', 'analyst.js', 'examples.js', 'worker.js',
  'wasm_exec.js', 'mode.json', 'nginx.wasm.gz'];

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (e) => e.waitUntil(self.clients.claim().then(keepPage)));

// keepPage keeps what was loaded before this worker was there.
async function keepPage() {
  const cache = await caches.open(store);
  await Promise.all(page.map((path) => cache.add(new Request(path, { cache: 'no-cache' })).catch(() => {})));
}

self.addEventListener('fetch', (e) => {
  if (e.request.method !== 'GET' || new URL(e.request.url).origin !== self.location.origin) return;
  e.respondWith((async () => {
    const cache = await caches.open(store);
    try {
      const response = await fetch(e.request);
      if (response.ok) cache.put(e.request, response.clone());
      return response;
    } catch (error) {
      const kept = await cache.match(e.request, { ignoreSearch: true });
      if (kept) return kept;
      throw error;
    }
  })());
});
