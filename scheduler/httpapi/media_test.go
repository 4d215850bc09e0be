package httpapi

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestThePreferredKindOfAnswerIsChosen(t *testing.T) {
	t.Parallel()
	const prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
	for _, row := range []struct {
		accept string
		kinds  []string
		want   string
	}{
		{"", []string{kindJSON, kindText}, kindJSON},
		{"*/*", []string{kindText, kindJSON}, kindText},
		{"application/json", []string{kindText, kindJSON}, kindJSON},
		{"APPLICATION/JSON; charset=utf-8", []string{kindText, kindJSON}, kindJSON},
		{"application/*", []string{kindText, kindJSON}, kindJSON},
		{"text/plain, */*", []string{kindJSON, kindText}, kindText},
		{"text/plain;q=0.5, */*", []string{kindJSON, kindText}, kindJSON},
		{"text/plain, application/json", []string{kindJSON, kindText}, kindText},
		{"application/json, text/plain", []string{kindText, kindJSON}, kindJSON},
		{"application/json;q=0", []string{kindJSON}, ""},
		{"application/json;q=0, */*", []string{kindJSON, kindText}, kindText},
		{"*/*;q=0", []string{kindJSON}, ""},
		{"image/png", []string{kindJSON, kindText}, ""},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", []string{kindJSON}, kindJSON},
		{"*", []string{kindJSON}, kindJSON},
		{";;;", []string{kindJSON}, kindJSON},
		{prometheus, []string{kindJSON, kindText}, kindText},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if row.accept != "" {
			r.Header.Set("Accept", row.accept)
		}
		if got := preferred(r, row.kinds...); got != row.want {
			t.Errorf("%q of %v: got %q, want %q", row.accept, row.kinds, got, row.want)
		}
	}
}
