// A worker that runs the analyzer. What it is asked for, and by which program, the page says.

importScripts('wasm_exec.js');

const { name } = self;

self.corslintReady = () => {
  self.onmessage = ({ data }) => self.postMessage({ id: data.id, answer: self.corslintAnswer(data.question) });
  self.postMessage({ ready: true });
};

async function start() {
  self.postMessage({ loading: 'Loading the analyzer …' });
  const response = await fetch(`${name}.wasm.gz`);
  if (!response.ok) throw new Error(`${name}.wasm.gz: ${response.status}`);
  // A server that knows the ending says what is inside, and the browser has unpacked it.
  const packed = response.headers.get('Content-Encoding') === 'gzip' ? response.body : response.body.pipeThrough(new DecompressionStream('gzip'));
  const bytes = await new Response(packed).arrayBuffer();
  const go = new self.Go();
  const { instance } = await WebAssembly.instantiate(bytes, go.importObject);
  await go.run(instance); // until the page goes
}

start().catch((error) => self.postMessage({ failed: String(error) }));
