// Package api holds the JSON of Marathon's /v2 API as Gantry speaks it: its
// types, how an App's definition is read (with Marathon's older forms) and
// written, and a client. The server is scheduler/httpapi.
package api
