// Package ui tests the web page in a real browser, headless Chromium, against
// "gantry mini" and schedulers of their own: every page, every action, what it looks
// like to a screen reader, and that it stays what its Content-Security-Policy says.
package ui
