package operator

import (
	"encoding/json"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
)

// The build that answers claim: that of the Mesos whose behaviour is imitated, not of this program.
const (
	buildDate = "local"
	buildUser = "root"
	buildTime = 1795218987.0
)

func versionInfo() mesos.VersionInfo {
	date, user, at := buildDate, buildUser, buildTime
	return mesos.VersionInfo{Version: master.Version, BuildDate: &date, BuildUser: &user, BuildTime: &at}
}

// versionFields print the time with its fraction, as Mesos prints every double.
func versionFields() map[string]any {
	return map[string]any{"version": master.Version, "build_date": buildDate, "build_user": buildUser, "build_time": json.RawMessage("1795218987.0")}
}

// seconds since the epoch, 0 for no time.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixNano()) / float64(time.Second)
}
