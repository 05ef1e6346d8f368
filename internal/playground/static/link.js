// A question as the fragment of an address, which browsers send to nobody: JSON, deflated, in base64 for addresses. The same is
// written and read in Go (link.go).

const longest = 100_000; // of a link, which people send each other

// pack returns the fragment; '' when it would be too long.
export async function pack(question) {
  const stream = new Blob([JSON.stringify(question)]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  if (bytes.length > longest) return '';
  let binary = '';
  for (const b of bytes) binary += String.fromCharCode(b);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

// unpack returns the question of a fragment; null when there is none in it, as in a link that was cut. It reads no more than a
// question can have: what was deflated may be enormous.
export async function unpack(fragment, most) {
  try {
    const binary = atob(fragment.replaceAll('-', '+').replaceAll('_', '/'));
    const stream = new Blob([Uint8Array.from(binary, (c) => c.charCodeAt(0))]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    const reader = stream.getReader();
    const parts = [];
    for (let size = 0; ;) {
      const { done, value } = await reader.read();
      if (done) break;
      if ((size += value.length) > most) {
        await reader.cancel();
        return null;
      }
      parts.push(value);
    }
    return check(JSON.parse(await new Blob(parts).text()));
  } catch {
    return null;
  }
}

// check makes a question of whatever the JSON held.
function check({ files, fetch, pedantic }) {
  if (!Array.isArray(files) || files.length === 0) return null;
  const question = { files: files.slice(0, 50).map((f) => ({ name: String(f.name), text: String(f.text) })), fetch: null, pedantic: !!pedantic };
  if (fetch && typeof fetch === 'object') {
    const headers = Array.isArray(fetch.headers) ? fetch.headers.filter(Array.isArray).map(([name, value]) => [String(name), String(value)]) : [];
    question.fetch = { url: String(fetch.url), method: String(fetch.method), origin: String(fetch.origin), credentials: !!fetch.credentials, headers };
  }
  return question;
}
