package api

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Client calls the API. Its methods return an *Error for every answer that is
// not 2xx, and an *UnreachableError when there is no answer.
type Client struct {
	// Warn, unless nil, is told what an answer warns of, one text each.
	Warn func(text string)
	base *url.URL
	http *http.Client
	// transport is that of http.
	transport *http.Transport
}

// UnreachableError says that no scheduler answered.
type UnreachableError struct {
	URL string
	Err error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no scheduler answers at %s: %v", e.URL, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// NewClient returns a client of the scheduler at an address such as
// http://127.0.0.1:8080; "host:port" means the same. It does not connect yet.
func NewClient(address string) (*Client, error) {
	full := address
	if !strings.Contains(full, "://") {
		full = "http://" + full
	}
	u, err := url.Parse(full)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		if at := strings.LastIndexByte(address, '@'); at >= 0 { // it may hold a password
			address = "...@" + address[at+1:]
		}
		return nil, fmt.Errorf("%q is no address of a scheduler, expected one such as http://127.0.0.1:8080; percent-encode what is special in a password", address)
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 30 * time.Second, ResponseHeaderTimeout: time.Minute,
	}
	return &Client{base: u, http: &http.Client{Transport: transport, CheckRedirect: redirected}, transport: transport}, nil
}

// redirectsMax is how many schedulers in a row may send a request on.
const redirectsMax = 3

// redirected shows the credentials also to the leader that a standby names, as it
// does for the event stream; never without encryption if they were encrypted before.
func redirected(r *http.Request, via []*http.Request) error {
	if len(via) > redirectsMax {
		return errors.New("the schedulers send each other on and on")
	}
	first := via[0]
	if user := first.URL.User; user != nil && r.URL.User == nil && r.URL.Path == first.URL.Path && r.URL.Scheme == first.URL.Scheme {
		password, _ := user.Password()
		r.SetBasicAuth(user.Username(), password)
	}
	return nil
}

// Authenticate makes the client send credentials, in place of those in its address.
func (c *Client) Authenticate(user, password string) { c.base.User = url.UserPassword(user, password) }

// Trust makes the client trust certificates, or authorities of them, in PEM, beside the
// system's. Call it before the first request. It fails if there are none.
func (c *Client) Trust(pem []byte) error {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a machine without any
	}
	if !pool.AppendCertsFromPEM(pem) {
		return errors.New("it holds no certificate in PEM")
	}
	c.transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
	return nil
}

// Address is the scheduler's address without credentials.
func (c *Client) Address() string { return c.base.Redacted() }

// Close frees idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// ChangeOptions are the options of requests that change Apps.
type ChangeOptions struct {
	// Force overrides running deployments that hold an App.
	Force bool
	// Strict has definitions refused in which something has no effect, such as an unknown member.
	Strict bool
	// Replace takes the body as the whole definition instead of an update.
	Replace bool
	// Base, if set, is the version that PatchApp changes; it is refused with 412 once there is another.
	Base Time
}

// match is the header that names the version which is changed.
func (o ChangeOptions) match() []string {
	if o.Base.IsZero() {
		return nil
	}
	return []string{"If-Match", `"` + o.Base.String() + `"`}
}

func (o ChangeOptions) query() url.Values {
	q := url.Values{}
	if o.Force {
		q.Set("force", "true")
	}
	if o.Strict {
		q.Set("strict", "true")
	}
	if o.Replace {
		q.Set("partialUpdate", "false")
	}
	return q
}

// Apps lists Apps by filters such as "label" and "id", with what embed names.
func (c *Client) Apps(ctx context.Context, filters url.Values) ([]App, error) {
	var out struct{ Apps []App }
	err := c.do(ctx, http.MethodGet, "/v2/apps", filters, nil, &out)
	return out.Apps, err
}

// App returns one App with its tasks.
func (c *Client) App(ctx context.Context, id string, embed ...string) (App, error) {
	var out struct{ App App }
	var query url.Values
	if len(embed) > 0 {
		query = url.Values{"embed": embed}
	}
	err := c.do(ctx, http.MethodGet, appPath(id), query, nil, &out)
	return out.App, err
}

// CreateApp creates an App from its JSON.
func (c *Client) CreateApp(ctx context.Context, definition []byte, o ChangeOptions) (App, error) {
	var out App
	err := c.do(ctx, http.MethodPost, "/v2/apps", o.query(), definition, &out)
	return out, err
}

// UpdateApp changes an App, or creates it.
func (c *Client) UpdateApp(ctx context.Context, id string, update []byte, o ChangeOptions) (DeploymentResult, error) {
	var out DeploymentResult
	err := c.do(ctx, http.MethodPut, appPath(id), o.query(), update, &out)
	return out, err
}

// UpdateApps changes or creates the Apps of a JSON array in one deployment.
func (c *Client) UpdateApps(ctx context.Context, updates []byte, o ChangeOptions) (DeploymentResult, error) {
	var out DeploymentResult
	err := c.do(ctx, http.MethodPut, "/v2/apps", o.query(), updates, &out)
	return out, err
}

// PatchApp changes an App; unlike UpdateApp it does not create one.
func (c *Client) PatchApp(ctx context.Context, id string, update []byte, o ChangeOptions) (DeploymentResult, error) {
	var out DeploymentResult
	err := c.do(ctx, http.MethodPatch, appPath(id), o.query(), update, &out, o.match()...)
	return out, err
}

// ScaleApp sets how many instances an App wants.
func (c *Client) ScaleApp(ctx context.Context, id string, instances int, o ChangeOptions) (DeploymentResult, error) {
	return c.PatchApp(ctx, id, []byte(`{"instances":`+strconv.Itoa(instances)+`}`), o)
}

// RestartApp replaces all instances of an App, rolling.
func (c *Client) RestartApp(ctx context.Context, id string, o ChangeOptions) (DeploymentResult, error) {
	var out DeploymentResult
	err := c.do(ctx, http.MethodPost, appPath(id)+"/restart", o.query(), []byte("{}"), &out)
	return out, err
}

// DeleteApp stops an App's instances and forgets it. Unlike the bare request
// it does not override running deployments unless told to.
func (c *Client) DeleteApp(ctx context.Context, id string, o ChangeOptions) (DeploymentResult, error) {
	var out DeploymentResult
	q := url.Values{"force": {strconv.FormatBool(o.Force)}}
	err := c.do(ctx, http.MethodDelete, appPath(id), q, nil, &out)
	return out, err
}

// Versions lists an App's versions, newest first.
func (c *Client) Versions(ctx context.Context, id string) ([]Time, error) {
	var out struct{ Versions []Time }
	err := c.do(ctx, http.MethodGet, appPath(id)+"/versions", nil, nil, &out)
	return out.Versions, err
}

// Version returns an App's definition in one version.
func (c *Client) Version(ctx context.Context, id, version string) (App, error) {
	var out App
	err := c.do(ctx, http.MethodGet, appPath(id)+"/versions/"+url.PathEscape(version), nil, nil, &out)
	return out, err
}

// Tasks lists the tasks of an App, or of all Apps when id is "".
func (c *Client) Tasks(ctx context.Context, id string) ([]Task, error) {
	var out Tasks
	path := "/v2/tasks"
	if id != "" {
		path = appPath(id) + "/tasks"
	}
	err := c.do(ctx, http.MethodGet, path, nil, nil, &out)
	return out.Tasks, err
}

// KillOptions are the options of KillTasks.
type KillOptions struct {
	// Scale lowers the Apps' instances instead of replacing the tasks.
	Scale bool
	// Wipe forgets what the instances reserved.
	Wipe bool
	// Force overrides running deployments that hold an App.
	Force bool
}

// KillTasks ends tasks. It returns those that are ended, or, with Scale, the deployment.
func (c *Client) KillTasks(ctx context.Context, ids []string, o KillOptions) ([]Task, DeploymentResult, error) {
	body, err := json.Marshal(map[string][]string{"ids": ids})
	if err != nil {
		return nil, DeploymentResult{}, err
	}
	q := url.Values{}
	for name, on := range map[string]bool{"scale": o.Scale, "wipe": o.Wipe, "force": o.Force} {
		if on {
			q.Set(name, "true")
		}
	}
	var out struct {
		Tasks
		DeploymentResult
	}
	err = c.do(ctx, http.MethodPost, "/v2/tasks/delete", q, body, &out)
	return out.Tasks.Tasks, out.DeploymentResult, err
}

// TaskGone says of an unreachable task that it is dead, so that it is replaced at once.
func (c *Client) TaskGone(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodPost, taskPath(id)+"/gone", nil, nil, nil)
}

// Deployments lists the deployments under way.
func (c *Client) Deployments(ctx context.Context) ([]Deployment, error) {
	var out []Deployment
	err := c.do(ctx, http.MethodGet, "/v2/deployments", nil, nil, &out)
	return out, err
}

// CancelDeployment undoes a deployment by another one, which it returns; with
// force it only stops it and returns none.
func (c *Client) CancelDeployment(ctx context.Context, id string, force bool) (DeploymentResult, error) {
	var out DeploymentResult
	q := url.Values{"force": {strconv.FormatBool(force)}}
	err := c.do(ctx, http.MethodDelete, "/v2/deployments/"+url.PathEscape(id), q, nil, &out)
	return out, err
}

// Queue lists what waits to be launched, with explanations; what only waits for
// Mesos to confirm its launch is left out.
func (c *Client) Queue(ctx context.Context) ([]QueueItem, error) {
	var out struct{ Queue []QueueItem }
	err := c.do(ctx, http.MethodGet, "/v2/queue", url.Values{"embed": {"explanation"}}, nil, &out)
	return slices.DeleteFunc(out.Queue, func(item QueueItem) bool { return item.Count == 0 }), err
}

// Kills tells how many kills the mass-kill guard holds back.
func (c *Client) Kills(ctx context.Context) (Kills, error) {
	var out Kills
	err := c.do(ctx, http.MethodGet, "/v3/kills", nil, nil, &out)
	return out, err
}

// ConfirmKills lets the kills happen that the mass-kill guard holds back.
func (c *Client) ConfirmKills(ctx context.Context) (Kills, error) {
	var out Kills
	err := c.do(ctx, http.MethodPost, "/v3/kills/confirm", nil, nil, &out)
	return out, err
}

// Info is what GET /v2/info tells.
type Info struct {
	Name        string `json:"name"`
	Version     string `json:"version"`
	BuildRef    string `json:"buildref"`
	Elected     bool   `json:"elected"`
	Leader      string `json:"leader"`
	FrameworkID string `json:"frameworkId"`
}

// Info describes the scheduler.
func (c *Client) Info(ctx context.Context) (Info, error) {
	var out Info
	err := c.do(ctx, http.MethodGet, "/v2/info", nil, nil, &out)
	return out, err
}

func appPath(id string) string {
	return "/v2/apps/" + strings.Trim((&url.URL{Path: id}).EscapedPath(), "/")
}

// do makes one request, with headers as names and values in turn; out is left
// as it is when the answer is empty.
func (c *Client) do(ctx context.Context, method, path string, q url.Values, body []byte, out any, headers ...string) error {
	answer, err := c.stream(ctx, method, path, q, body, headers...)
	if err != nil {
		return err
	}
	defer answer.Close()
	data, err := io.ReadAll(answer)
	if err != nil {
		return c.unreachable(ctx, err)
	}
	if len(data) == 0 || out == nil {
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	}
	return nil
}

// stream makes one request and returns the body of its answer, which may last.
func (c *Client) stream(ctx context.Context, method, path string, q url.Values, body []byte, headers ...string) (io.ReadCloser, error) {
	u := *c.base
	u.Path, u.RawQuery = "", ""
	target := strings.TrimSuffix(u.String(), "/") + strings.TrimSuffix(c.base.EscapedPath(), "/") + path
	if len(q) > 0 {
		target += "?" + q.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if resp.StatusCode >= 200 && resp.StatusCode <= 299 {
		c.warn(resp.Header.Values("Warning"))
		return resp.Body, nil
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	return nil, refusal(resp.StatusCode, data)
}

// warn passes on the texts of Warning headers (RFC 7234, 5.5).
func (c *Client) warn(headers []string) {
	for _, h := range headers {
		if parts := strings.SplitN(h, " ", 3); c.Warn != nil && len(parts) == 3 {
			if text, err := strconv.Unquote(parts[2]); err == nil {
				c.Warn(text)
			}
		}
	}
}

func (c *Client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return &UnreachableError{URL: c.Address(), Err: err}
}

// refusal is the error that an answer tells; a body that is no JSON is quoted.
func refusal(status int, data []byte) *Error {
	e := &Error{}
	if json.Unmarshal(data, e) != nil || e.Message == "" {
		e.Message = strings.TrimSpace(http.StatusText(status) + " " + shorten(strings.TrimSpace(string(data))))
	}
	e.Status = status
	return e
}
