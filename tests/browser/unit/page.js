// Imports of the modules of the page.

export const page = (name) => import(new URL(`../../../serve/src/chat/page/${name}.js`, import.meta.url));
