package master

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
)

// written returns the events of a finished answer.
func written(t *testing.T, w *httptest.ResponseRecorder) []string {
	t.Helper()
	var got []string
	in := codec.NewRecordReader(w.Body, 1<<20)
	for {
		record, err := in.Next()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(record))
	}
}

func TestHeartbeatsComeInFixedIntervalsWhateverElseIsSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := newStream("s", codec.JSON, 1<<20)
		w := httptest.NewRecorder()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			st.serve(ctx, w, 15*time.Second)
			close(done)
		}()
		time.Sleep(10 * time.Second)
		st.send(&scheduler.Event{Type: scheduler.Event_RESCIND, Rescind: &scheduler.Event_Rescind{}})
		time.Sleep(21 * time.Second)
		cancel()
		<-done
		want := []string{
			`{"type":"RESCIND","rescind":{"offer_id":{"value":""}}}`, `{"type":"HEARTBEAT"}`, `{"type":"HEARTBEAT"}`,
		}
		if diff := cmp.Diff(written(t, w), want); diff != "" {
			t.Errorf("-got +want:\n%s", diff)
		}
	})
}

func TestAStreamEndsAfterWhatIsQueued(t *testing.T) {
	t.Parallel()
	st := newStream("s", codec.JSON, 1<<20)
	st.send(&scheduler.Event{Type: scheduler.Event_ERROR, Error: &scheduler.Event_Error{Message: "x"}})
	st.end()
	st.send(&scheduler.Event{Type: scheduler.Event_ERROR, Error: &scheduler.Event_Error{Message: "late"}})
	w := httptest.NewRecorder()
	st.serve(t.Context(), w, time.Hour)
	if got := strings.Join(written(t, w), ""); got != `{"type":"ERROR","error":{"message":"x"}}` {
		t.Errorf("got %s", got)
	}
}
