// Where answers come from: the server that serves the page, or WebAssembly in a worker of the browser.

// connect returns what answers questions. Progress is told what it waits for.
export async function connect(progress) {
  const { mode } = await (await fetch('mode.json')).json();
  if (mode === 'server') return { ask: askServer };
  if ('serviceWorker' in navigator) navigator.serviceWorker.register('offline.js').catch(() => {}); // without it the page works online only
  return new Workers(progress);
}

async function askServer(question) {
  const response = await fetch('answer', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(question) });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

const needsEverything = /\.(?:[cm]?[jt]sx?|vue|svelte)$/;

// Workers answers in WebAssembly: a small program reads configurations; the large one, loaded when the first application is there,
// runs applications, too.
class Workers {
  constructor(progress) {
    this.progress = progress;
    this.workers = {};
  }

  ask(question) {
    const name = question.files.some((f) => needsEverything.test(f.name)) ? 'all' : 'configurations';
    if (!this.workers[name]) this.workers[name] = this.start(name);
    return this.workers[name].then((worker) => worker(question));
  }

  start(name) {
    const worker = new Worker('worker.js', { name });
    const waiting = new Map();
    let last = 0;
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => {
        if (data.loading) this.progress(data.loading);
        if (data.failed) reject(new Error(data.failed));
        if (data.ready) {
          resolve((question) => new Promise((done) => {
            waiting.set(++last, done);
            worker.postMessage({ id: last, question: JSON.stringify(question) });
          }));
        }
        if (data.id) {
          waiting.get(data.id)(JSON.parse(data.answer));
          waiting.delete(data.id);
        }
      };
      worker.onerror = (e) => reject(new Error(e.message));
    });
  }
}
