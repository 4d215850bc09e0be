// Package openapi holds the description of the API's /v2 and /v3 in OpenAPI 3.1.
// It is made of the table of operations and of the types of package api, both in
// its tests, and is wrong in nothing that a test can see: every route is in it and
// nothing else, and the answers of a running scheduler fit it (test/clients).
//
//	go test ./scheduler/httpapi/openapi -update
package openapi

import _ "embed" // the document

// Document is the description, as JSON.
//
//go:embed openapi.json
var Document []byte
