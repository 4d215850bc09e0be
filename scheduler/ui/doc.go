// Package ui holds the web page and serves it: the files in static, which are
// embedded in the binary. It knows nothing of the scheduler. What the page shows
// and does, it asks of the API like every other client, with the reader's own
// credentials.
package ui
