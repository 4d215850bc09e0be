package codec

const (
	uuidBytes = 16
	// versionAt is the byte whose upper half is the version.
	versionAt = 6
	// Versions that Mesos' UUID library knows; any other is "unknown" to it.
	versionMin, versionMax = 1, 5
)

// InvalidUUID returns Mesos' words for bytes that it does not take as a UUID, empty for those that it takes: 16 bytes
// with a version from 1 to 5. Sixteen random bytes are none two times out of three.
func InvalidUUID(b []byte) string {
	if len(b) != uuidBytes {
		return "Not a valid UUID"
	}
	if version := b[versionAt] >> 4; version < versionMin || version > versionMax {
		return "Not a valid UUID"
	}
	return ""
}
