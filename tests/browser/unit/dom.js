// A minimal document for `render.js`, which throws on elements and properties that are not allowed.

const ELEMENTS = new Set("p h3 h4 h5 h6 blockquote ul ol li hr br div span pre code button table thead tbody tr th td strong em s a".split(" "));
const PROPERTIES = new Set(["className", "type", "tabIndex", "start", "href", "rel", "target"]);

const PARENTS = new WeakMap();

class Text {
  constructor(text) {
    if (typeof text !== "string") throw new Error(`${text} is not a string`);
    this.text = text;
  }

  get textContent() {
    return this.text;
  }

  appendData(text) {
    this.text += text;
  }

  remove() {
    Element.prototype.remove.call(this);
  }

  get html() {
    return this.text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  }
}

class Element {
  childNodes = [];

  constructor(name, document) {
    this.name = name;
    this.ownerDocument = document;
    return new Proxy(this, {
      set(target, property, value) {
        if (!PROPERTIES.has(property)) throw new Error(`setting \`${property}\` is not allowed`);
        target[property] = value;
        return true;
      },
    });
  }

  append(...nodes) {
    for (const node of nodes) {
      const child = node instanceof Element || node instanceof Text ? node : new Text(node);
      PARENTS.set(child, this);
      this.childNodes.push(child);
    }
  }

  remove() {
    const { childNodes } = PARENTS.get(this);
    childNodes.splice(childNodes.indexOf(this), 1);
  }

  get firstChild() {
    return this.childNodes[0] ?? null;
  }

  get lastChild() {
    return this.childNodes.at(-1) ?? null;
  }

  get textContent() {
    return this.childNodes.map((node) => node.textContent).join("");
  }

  /** All descendant elements. */
  get all() {
    return this.childNodes.flatMap((node) => (node instanceof Element ? [node, ...node.all] : []));
  }

  get html() {
    const attributes = [...PROPERTIES].filter((name) => this[name] && !["rel", "target", "tabIndex", "type"].includes(name));
    const inner = this.childNodes.map((node) => node.html).join("");
    return `<${this.name}${attributes.map((name) => ` ${name}="${this[name]}"`).join("")}>${inner}</${this.name}>`;
  }
}

export const document = {
  createElement(name) {
    if (!ELEMENTS.has(name)) throw new Error(`creating \`${name}\` is not allowed`);
    return new Element(name, document);
  },
  createTextNode: (text) => new Text(text),
};
