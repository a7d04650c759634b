// Prints for each PEM file how many certificates Go loads from it. A line of input is a JSON string with a file in base64; a line of output
// is a number.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	for lines.Scan() {
		var file []byte
		if err := json.Unmarshal(lines.Bytes(), &file); err != nil {
			panic(err)
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(file)
		//nolint:staticcheck // Subjects is deprecated for the system's pool only.
		fmt.Fprintln(output, len(pool.Subjects()))
	}
}
