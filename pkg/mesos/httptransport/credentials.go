package httptransport

import "net/http"

// Credentials are how a caller proves who it is: a token, or a principal and
// its secret. The zero value is nobody.
type Credentials struct {
	// Principal and Secret are sent by basic authentication unless Principal is "".
	Principal, Secret string
	// Token is sent as a bearer token; it wins over the principal.
	Token string
}

// Apply sets the Authorization header of req.
func (c Credentials) Apply(req *http.Request) {
	switch {
	case c.Token != "":
		req.Header.Set("Authorization", "Bearer "+c.Token)
	case c.Principal != "":
		req.SetBasicAuth(c.Principal, c.Secret)
	}
}

// String names the principal and hides secret and token.
func (c Credentials) String() string {
	switch {
	case c.Token != "":
		return "bearer token"
	case c.Principal != "":
		return "principal " + c.Principal
	default:
		return "no credentials"
	}
}

// GoString hides secret and token, too.
func (c Credentials) GoString() string { return c.String() }
