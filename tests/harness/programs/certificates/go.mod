module certificates

// As Loki, because the version decides how strictly Go reads URLs: https://go.dev/doc/godebug
go 1.26.5
