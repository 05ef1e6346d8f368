// Where answers come from: the server that serves the page, or WebAssembly in a worker of the browser. Both are asked one question
// at a time, say when they begin with it (nothing has to be loaded first), and can be stopped at it.

// connect returns what answers questions, and what the page is told about itself. Progress is told what it waits for.
export async function connect(progress) {
  const { mode, docs } = await (await fetch('mode.json')).json();
  if (mode === 'server') return { analyst: new Server(), docs };
  if ('serviceWorker' in navigator) navigator.serviceWorker.register('offline.js').catch(() => {}); // without it the page works online only
  return { analyst: new Programs(progress), docs };
}

class Server {
  async ask(question, begun) {
    begun();
    this.asked = new AbortController();
    const response = await fetch('answer', {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(question), signal: this.asked.signal,
    });
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  }

  stop() { this.asked?.abort(new Error('stopped')); }
}

const application = /\.(?:[cm]?[jt]sx?|vue|svelte)$/i;
const description = /\.(?:ya?ml|json|tf|template)$/i;

// needed names the program that reads files of some names.
function needed(files) {
  if (files.some((f) => application.test(f.name))) return 'all';
  return files.some((f) => description.test(f.name)) ? 'configurations' : 'nginx';
}

const loading = { nginx: 'Loading the analyzer …', configurations: 'Loading what reads YAML and JSON …', all: 'Loading what runs applications …' };

// Programs are the analyzer in three sizes (cmd/corslint-wasm), each loaded when the first file is there that needs it.
class Programs {
  constructor(progress) {
    this.progress = progress;
    this.started = {};
  }

  ask(question, begun) {
    const name = needed(question.files);
    this.started[name] ??= new Program(name, this.progress);
    this.asked = this.started[name];
    return this.asked.ask(question, begun);
  }

  stop() { this.asked?.stop(new Error('stopped')); }
}

// Program is a program and the worker that it runs in. The worker is thrown away when it is stopped or fails; the program stays.
class Program {
  constructor(name, progress) {
    this.name = name;
    this.progress = progress;
  }

  async ask(question, begun) {
    this.compiled ??= this.compile().catch((error) => {
      this.compiled = null; // the network may be back for the next question
      throw error;
    });
    this.worker ??= this.start(this.compiled);
    const worker = await this.worker;
    begun();
    return new Promise((resolve, reject) => {
      this.answered = ({ data }) => (data.failed ? this.stop(new Error(data.failed)) : resolve(JSON.parse(data.answer)));
      this.gaveUp = reject;
      worker.postMessage(JSON.stringify(question));
    });
  }

  // compile loads and compiles the program, both at the same time.
  async compile() {
    const slow = setTimeout(() => this.progress(loading[this.name]), 300);
    try {
      const response = await fetch(`${this.name}.wasm.gz`);
      if (!response.ok) throw new Error(`${this.name}.wasm.gz: ${response.status}`);
      // A server that knows the ending says what is inside, and the browser has unpacked it.
      const unpacked = response.headers.get('Content-Encoding') === 'gzip' ? response.body : response.body.pipeThrough(new DecompressionStream('gzip'));
      return await WebAssembly.compileStreaming(new Response(unpacked, { headers: { 'Content-Type': 'application/wasm' } }));
    } catch (error) {
      throw navigator.onLine ? error : new Error('this part of the analyzer was not loaded yet, and there is no network');
    } finally {
      clearTimeout(slow);
    }
  }

  // start starts a worker, which loads its own script while the program is compiled.
  start(compiled) {
    const worker = new Worker('worker.js');
    this.running = worker;
    return new Promise((resolve, reject) => {
      this.gaveUp = reject;
      this.answered = ({ data }) => (data.failed ? this.stop(new Error(data.failed)) : resolve(worker));
      worker.onmessage = (message) => this.answered(message);
      worker.onerror = (error) => this.stop(new Error(error.message));
      compiled.then((program) => worker.postMessage(program), (error) => this.stop(error));
    });
  }

  stop(why) {
    this.running?.terminate();
    this.running = this.worker = null;
    this.gaveUp?.(why);
  }
}
