// client TARGET CALLS CONCURRENCY
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"

	user "tern/bench/user"
)

func main() {
	calls, _ := strconv.ParseInt(os.Args[2], 10, 64)
	concurrency, _ := strconv.Atoi(os.Args[3])
	connection, err := grpc.Dial(os.Args[1], grpc.WithInsecure())
	if err != nil {
		log.Fatal(err)
	}
	client := user.NewUserServiceClient(connection)
	var failed int64
	var running sync.WaitGroup
	for ; concurrency > 0; concurrency-- {
		running.Add(1)
		go func() {
			defer running.Done()
			for atomic.AddInt64(&calls, -1) >= 0 {
				response, err := client.GetUser(context.Background(), &user.GetUserRequest{Id: 1})
				if err != nil || response.User.Id != 1 {
					atomic.AddInt64(&failed, 1)
				}
			}
		}()
	}
	running.Wait()
	fmt.Println(failed, "failed")
	if failed != 0 {
		os.Exit(1)
	}
}
