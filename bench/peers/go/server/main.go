// server and the arguments of ../README.md
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	chat "tern/bench/chat"
	user "tern/bench/user"
)

type users struct {
	user.UnimplementedUserServiceServer
	sample *user.User
	any    bool
	wait   time.Duration
}

func (s *users) GetUser(_ context.Context, request *user.GetUserRequest) (*user.GetUserResponse, error) {
	if s.wait > 0 {
		time.Sleep(s.wait)
	}
	if request.Id != 1 && !s.any {
		return nil, status.Errorf(codes.NotFound, "User %d not found", request.Id)
	}
	return &user.GetUserResponse{User: s.sample}, nil
}

func (s *users) CreateUser(_ context.Context, request *user.CreateUserRequest) (*user.CreateUserResponse, error) {
	return &user.CreateUserResponse{User: &user.User{Name: request.Name}}, nil
}

func (s *users) ListUsersStream(request *user.ListUsersRequest, stream user.UserService_ListUsersStreamServer) error {
	for left := request.PageSize; left > 0; left-- {
		if err := stream.Send(s.sample); err != nil {
			return err
		}
	}
	return nil
}

type chats struct {
	chat.UnimplementedChatServiceServer
}

func (s *chats) Chat(stream chat.ChatService_ChatServer) error {
	for {
		message, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&chat.ChatMessage{Content: "Echo: " + message.Content}); err != nil {
			return err
		}
	}
}

func number(index int, otherwise int) int {
	if len(os.Args) <= index {
		return otherwise
	}
	value, err := strconv.Atoi(os.Args[index])
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: PORT [NAME_BYTES [WAIT_MS [THREADS [CERTIFICATE KEY]]]]")
		os.Exit(2)
	}
	size := number(2, 0)
	runtime.GOMAXPROCS(number(4, 1))
	options := []grpc.ServerOption{grpc.MaxRecvMsgSize(50 << 20)}
	if len(os.Args) > 6 {
		tls, err := credentials.NewServerTLSFromFile(os.Args[5], os.Args[6])
		if err != nil {
			log.Fatal(err)
		}
		options = append(options, grpc.Creds(tls))
	}
	sample := &user.User{Id: 1, Name: "홍길동", Email: "hong@example.com", Status: user.UserStatus_USER_STATUS_ACTIVE}
	if size > 0 {
		sample = &user.User{Name: strings.Repeat("x", size)}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(options...)
	user.RegisterUserServiceServer(server, &users{
		sample: sample, any: size > 0, wait: time.Duration(number(3, 0)) * time.Millisecond})
	chat.RegisterChatServiceServer(server, &chats{})
	log.Fatal(server.Serve(listener))
}
