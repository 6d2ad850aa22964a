// Makes elements without markup in text, so that nothing that is shown can become a part of the page.

const SVG = 'http://www.w3.org/2000/svg';
const SHAPES = new Set(['svg', 'rect', 'path', 'line']);

export function byId(id) {
  return document.getElementById(id);
}

export function text(id, value) {
  byId(id).textContent = value;
}

/** Children are elements or texts. */
export function element(name, attributes, ...children) {
  const made = SHAPES.has(name)
    ? document.createElementNS(SVG, name)
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function fill(parent, ...children) {
  parent.replaceChildren(...children);
}
