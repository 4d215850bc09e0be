// Package httpapi serves Marathon's /v2 API over a running scheduler: it reads
// requests, turns them into commands of package core, and renders the View.
// It decides nothing; the JSON itself is package api's.
package httpapi
