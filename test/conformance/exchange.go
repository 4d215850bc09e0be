package conformance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"time"
)

const (
	retryEvery = 50 * time.Millisecond
	retryMax   = 60 * time.Second
	pollEvery  = 100 * time.Millisecond
	envFileMax = 2 * time.Second
	// answerMax bounds one answer that is not a stream. Waiting for a container may take long.
	answerMax = 90 * time.Second
)

// answer is a complete HTTP answer, or the head of a stream.
type answer struct {
	status  int
	headers http.Header
	raw     []byte
	body    io.ReadCloser // of a stream
	cancel  context.CancelFunc
}

// send carries out one request and compares the answer.
func (r *Replay) send(ctx context.Context, step *Step) error {
	if err := r.checkRules(step.Send, step.Expect.Status); err != nil {
		return err
	}
	deadline := time.Now().Add(retryMax)
	for {
		a, err := r.do(ctx, step.Send, step.Stream != "" && step.Expect.Status == http.StatusOK)
		if step.RetryUntilStatus && (err != nil || a.status != step.Expect.Status) && time.Now().Before(deadline) {
			if a != nil && a.cancel != nil {
				a.cancel()
			}
			if err := pause(ctx, retryEvery); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		err = r.matchAnswer(step, a)
		if err == nil || step.Expect.EnvFile == nil || time.Since(r.stepStart) > envFileMax {
			return err
		}
		// The task is writing the file just now.
		if err := pause(ctx, retryEvery); err != nil {
			return err
		}
	}
}

// checkRules holds a call that is meant to be taken against the rules of real masters and agents, before it is sent.
func (r *Replay) checkRules(req *Request, expected int) error {
	if r.unchecked || req.Raw != nil || !isCall(req.Method, req.Path, expected) {
		return nil
	}
	body, err := r.binding.expandValue(req.Body)
	if err != nil {
		return err
	}
	return checkMessage(req.To, req.Path, req.Headers, body)
}

// do makes one request on a connection of its own.
func (r *Replay) do(ctx context.Context, req *Request, asStream bool) (*answer, error) {
	payload, err := r.payload(req)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	hr, err := r.newRequest(ctx, req.To, req.Method, req.Path, req.Headers, payload)
	if err != nil {
		cancel()
		return nil, err
	}
	// A fresh transport for each request: own connection, no redirects followed, nothing decompressed.
	transport := &http.Transport{DisableKeepAlives: !asStream, DisableCompression: true}
	var conn net.Conn
	hr = hr.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { conn = i.Conn }}))
	timer := time.AfterFunc(answerMax, cancel)
	resp, err := transport.RoundTrip(hr) //nolint:bodyclose // the answer's cancel closes it, for a stream much later
	if err != nil {
		timer.Stop()
		cancel()
		return nil, fmt.Errorf("request: %w", err)
	}
	a := &answer{status: resp.StatusCode, headers: resp.Header, cancel: func() {
		cancel()
		_ = resp.Body.Close()
		if conn != nil {
			_ = conn.Close()
		}
	}}
	if len(resp.TransferEncoding) > 0 {
		a.headers.Set("Transfer-Encoding", strings.Join(resp.TransferEncoding, ","))
	}
	if asStream && resp.StatusCode == http.StatusOK {
		timer.Stop()
		a.body = resp.Body
		return a, nil
	}
	defer timer.Stop()
	defer a.cancel()
	if a.raw, err = io.ReadAll(resp.Body); err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if resp.Header.Get("Content-Encoding") == "gzip" {
		a.raw, err = gunzip(a.raw)
	}
	return a, err
}

func (r *Replay) payload(req *Request) ([]byte, error) {
	switch {
	case req.Raw != nil:
		text, err := r.binding.Expand(*req.Raw)
		return []byte(text), err
	case req.Body != nil:
		body, err := r.binding.expandValue(req.Body)
		if err != nil {
			return nil, err
		}
		return encodeBody(req, body)
	default:
		return nil, nil
	}
}

func (r *Replay) newRequest(ctx context.Context, to, method, path string, headers map[string]string, payload []byte) (*http.Request, error) {
	addr, err := r.rig.Addr(to)
	if err != nil {
		return nil, err
	}
	if path, err = r.binding.Expand(path); err != nil {
		return nil, err
	}
	hr, err := http.NewRequestWithContext(ctx, method, "http://"+addr+path, bytes.NewReader(payload))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	for name, value := range headers {
		if value, err = r.binding.Expand(value); err != nil {
			return nil, err
		}
		hr.Header.Set(name, value)
	}
	if _, ok := headers["User-Agent"]; !ok {
		hr.Header.Set("User-Agent", "")
	}
	return hr, nil
}

func (r *Replay) matchAnswer(step *Step, a *answer) error {
	want := &step.Expect
	if a.status != want.Status {
		raw := a.raw
		if a.body != nil {
			a.cancel()
		}
		return fmt.Errorf("got status %d (%.300q), want %d", a.status, raw, want.Status)
	}
	for _, name := range slices.Sorted(mapKeys(want.Headers)) {
		got := strings.Join(a.headers.Values(name), ", ")
		if name == "Host" || len(a.headers.Values(name)) == 0 {
			return fmt.Errorf("header %s is missing, want %q", name, want.Headers[name])
		}
		if err := r.matcher.matchString("header "+name, want.Headers[name], got, r.binding); err != nil {
			return err
		}
	}
	if a.body != nil {
		r.open(step, a)
		return nil
	}
	return r.matchBody(step, a)
}

func (r *Replay) matchBody(step *Step, a *answer) error {
	want := &step.Expect
	if want.EmptyBody && len(a.raw) > 0 {
		return fmt.Errorf("got body %.300q, want none", a.raw)
	}
	for _, part := range want.Contains {
		if !strings.Contains(string(a.raw), part) {
			return fmt.Errorf("body %.300q does not contain %q", a.raw, part)
		}
	}
	if want.Text != nil {
		if err := r.matchRawText(*want.Text, a); err != nil {
			return err
		}
	}
	if want.EnvFile != nil {
		return r.matchEnvFile(want.EnvFile, a.raw)
	}
	if len(want.Body) == 0 {
		return nil
	}
	expected, err := decodeJSON(want.Body)
	if err != nil {
		return err
	}
	var got any
	if a.headers.Get("Content-Type") == protobufType {
		got, err = decodeMessage(protobufType, apiOf(step.Send.To, step.Send.Path).reply, a.raw)
	} else {
		got, err = decodeJSON(a.raw)
	}
	if err != nil {
		return err
	}
	return r.matcher.Match(expected, got, r.binding)
}

// matchRawText compares a body that is not JSON. Its wording counts only in strict mode.
func (r *Replay) matchRawText(want string, a *answer) error {
	attempt := r.binding.Clone()
	err := r.matcher.matchString("body", want, string(a.raw), attempt)
	if err == nil {
		r.binding.adopt(attempt)
		return nil
	}
	if !r.matcher.Strict && len(a.raw) > 0 {
		r.matcher.Wording = append(r.matcher.Wording, err.Error())
		return nil
	}
	return err
}

// open keeps the answer's stream under the step's name.
func (r *Replay) open(step *Step, a *answer) {
	contentType := a.headers.Get("Content-Type")
	message := apiOf(step.Send.To, step.Send.Path).event
	r.streams[step.Stream] = newStream(a.body, a.cancel, func(frame []byte) (map[string]any, error) {
		return decodeMessage(contentType, message, frame)
	})
}

// poll repeats a request until the part of the answer is the expected one.
func (r *Replay) poll(ctx context.Context, step *Step) error {
	if err := r.checkRules(step.Poll, http.StatusOK); err != nil {
		return err
	}
	deadline := r.stepStart.Add(ms(step.WithinMS))
	want, err := decodeJSON(step.Expect.Body)
	if err != nil {
		return err
	}
	for {
		limited, cancel := context.WithDeadline(ctx, deadline)
		a, err := r.do(limited, step.Poll, false)
		cancel()
		switch {
		case err != nil:
		case step.Expect.Status != 0 && a.status != step.Expect.Status:
			err = fmt.Errorf("got status %d (%.300q), want %d", a.status, a.raw, step.Expect.Status)
		default:
			err = r.matchPolled(want, a.raw, step.Poll)
		}
		if err == nil {
			return nil
		}
		if !time.Now().Add(pollEvery).Before(deadline) {
			return fmt.Errorf("not so within %v: %w", ms(step.WithinMS), err)
		}
		if err := pause(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// pipeline writes several requests at once and reads the answers in order.
func (r *Replay) pipeline(ctx context.Context, step *Step) error {
	p := step.Pipeline
	addr, err := r.rig.Addr(p.To)
	if err != nil {
		return err
	}
	var all bytes.Buffer
	var requests []*http.Request
	for i, b := range p.Bodies {
		call := &Request{To: p.To, Method: p.Method, Path: p.Path, Headers: p.Headers, Body: b}
		if i < len(step.Expect.Statuses) {
			if err := r.checkRules(call, step.Expect.Statuses[i]); err != nil {
				return err
			}
		}
		body, err := r.binding.expandValue(b)
		if err != nil {
			return err
		}
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode body: %w", err)
		}
		hr, err := r.newRequest(ctx, p.To, p.Method, p.Path, p.Headers, text)
		if err != nil {
			return err
		}
		requests = append(requests, hr)
		if err := hr.Write(&all); err != nil {
			return fmt.Errorf("write request: %w", err)
		}
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(answerMax))
	if _, err := conn.Write(all.Bytes()); err != nil {
		return fmt.Errorf("write requests: %w", err)
	}
	return readStatuses(bufio.NewReader(conn), requests, step.Expect.Statuses)
}

func readStatuses(in *bufio.Reader, requests []*http.Request, want []int) error {
	got := make([]int, 0, len(requests))
	for _, hr := range requests {
		resp, err := http.ReadResponse(in, hr)
		if err != nil {
			return fmt.Errorf("read answer %d: %w", len(got)+1, err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		got = append(got, resp.StatusCode)
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("got statuses %v, want %v", got, want)
	}
	return nil
}
