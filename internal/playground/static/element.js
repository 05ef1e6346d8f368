// Makes elements. Every text is set as text, never as HTML: what is shown comes from files that somebody else may have written.

export const $ = (id) => document.getElementById(id);

// element makes an element of a tag, its properties and its children: elements or texts; null is left out.
export function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// show gives an element other children.
export function show(id, ...children) {
  $(id).replaceChildren(...children);
}
