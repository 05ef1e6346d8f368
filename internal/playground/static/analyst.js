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

const isApplication = /\.(?:[cm]?[jt]sx?|vue|svelte)$/;

// Programs are the analyzer in two sizes: a small one reads configurations; the large one, loaded when the first application is
// there, runs applications, too.
class Programs {
  constructor(progress) {
    this.progress = progress;
    this.started = {};
  }

  ask(question, begun) {
    const name = question.files.some((f) => isApplication.test(f.name)) ? 'all' : 'configurations';
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
    const compiled = await this.compiled;
    this.worker ??= this.start(compiled);
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
    const slow = setTimeout(() => this.progress(this.name === 'all' ? 'Loading what runs applications …' : 'Loading the analyzer …'), 300);
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

  start(compiled) {
    const worker = new Worker('worker.js');
    this.running = worker;
    return new Promise((resolve, reject) => {
      this.gaveUp = reject;
      this.answered = ({ data }) => (data.failed ? this.stop(new Error(data.failed)) : resolve(worker));
      worker.onmessage = (message) => this.answered(message);
      worker.onerror = (error) => this.stop(new Error(error.message));
      worker.postMessage(compiled);
    });
  }

  stop(why) {
    this.running?.terminate();
    this.running = this.worker = null;
    this.gaveUp?.(why);
  }
}
