// A worker that runs the analyzer, whose compiled program the page hands it. A question that the program does not survive (one
// that nests too deep for the stack) ends it; the page starts another.

importScripts('wasm_exec.js');

self.corslintReady = () => {
  self.onmessage = ({ data }) => {
    try {
      self.postMessage({ answer: self.corslintAnswer(data) });
    } catch (error) {
      self.postMessage({ failed: String(error) });
    }
  };
  self.postMessage({ ready: true });
};

self.onmessage = async ({ data: program }) => {
  try {
    const go = new self.Go();
    await go.run(await WebAssembly.instantiate(program, go.importObject));
    throw new Error('the analyzer ended');
  } catch (error) {
    self.postMessage({ failed: String(error) });
  }
};
