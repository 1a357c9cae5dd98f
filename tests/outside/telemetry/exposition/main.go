// exposition TEXT OPENMETRICS: checks two pages of /metrics as `promtool check metrics` does, without promtool's other hundred
// packages. TEXT is read by promlint, which is all that promtool runs, and OPENMETRICS by the parser of a scraping Prometheus.
// Prints a line for each complaint and, at last, what it has read.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

func lint(page []byte) (int, error) {
	problems, err := promlint.New(bytes.NewReader(page)).Lint()
	for _, problem := range problems {
		fmt.Printf("%s: %s\n", problem.Metric, problem.Text)
	}
	return len(problems), err
}

type counts struct{ families, series, exemplars int }

// scrape reads a page as Prometheus does, and as it does wants each series once.
func scrape(page []byte, mediaType string) (counts, error) {
	parser, err := textparse.New(page, mediaType, labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		return counts{}, err
	}
	var found counts
	seen := map[string]bool{}
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return found, err
		}
		switch entry {
		case textparse.EntryType:
			found.families++
		case textparse.EntrySeries:
			found.series++
			var series labels.Labels
			parser.Labels(&series)
			if seen[series.String()] {
				return found, fmt.Errorf("twice: %s", series)
			}
			seen[series.String()] = true
			var one exemplar.Exemplar
			if parser.Exemplar(&one) {
				found.exemplars++
			}
		}
	}
}

func run(textFile, openMetricsFile string) error {
	text, err := os.ReadFile(textFile)
	if err != nil {
		return err
	}
	openMetrics, err := os.ReadFile(openMetricsFile)
	if err != nil {
		return err
	}
	problems, err := lint(text)
	if err != nil {
		return fmt.Errorf("promlint: %w", err)
	}
	plain, err := scrape(text, "text/plain; version=0.0.4")
	if err != nil {
		return fmt.Errorf("text: %w", err)
	}
	open, err := scrape(openMetrics, "application/openmetrics-text; version=1.0.0")
	if err != nil {
		return fmt.Errorf("OpenMetrics: %w", err)
	}
	fmt.Printf("text: %d families, %d series; OpenMetrics: %d families, %d series, %d exemplars; %d complaints\n",
		plain.families, plain.series, open.families, open.series, open.exemplars, problems)
	if problems > 0 {
		return errors.New("promlint complains")
	}
	return nil
}

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
