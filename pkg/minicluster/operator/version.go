package operator

import (
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
)

// The build that answers claim; the time is that of the protocol's present form, not of this program.
const (
	buildDate = "local"
	buildUser = "root"
	buildTime = 1724000000.0
)

func versionInfo() mesos.VersionInfo {
	date, user, at := buildDate, buildUser, buildTime
	return mesos.VersionInfo{Version: master.Version, BuildDate: &date, BuildUser: &user, BuildTime: &at}
}

func versionFields() map[string]any {
	return map[string]any{"version": master.Version, "build_date": buildDate, "build_user": buildUser, "build_time": buildTime}
}

// seconds since the epoch, 0 for no time.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixNano()) / float64(time.Second)
}
