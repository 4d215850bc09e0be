// What all parts of the page are made with.
import { h } from "preact";
import htm from "htm";

export { Component, createContext, render } from "preact";
export { useCallback, useContext, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

// html makes elements of a template. Whatever is put into it is text, never markup.
export const html = htm.bind(h);
