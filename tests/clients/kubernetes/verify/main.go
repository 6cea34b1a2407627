// Command verify authenticates bearer tokens as kube-apiserver does: with the API server's own package and a file of the kind that
// `--authentication-config` takes. It reads tokens, one a line, and prints for each the user as JSON, or why there is none.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/apis/apiserver/install"
	"k8s.io/apiserver/pkg/apis/apiserver/validation"
	authenticationcel "k8s.io/apiserver/pkg/authentication/cel"
	"k8s.io/apiserver/plugin/pkg/authenticator/token/oidc"
)

type authority string

func (pem authority) CurrentCABundleContent() []byte { return []byte(pem) }

// load reads the configuration as kube-apiserver does: unknown fields are errors.
func load(path string) (*apiserver.AuthenticationConfiguration, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	install.Install(scheme)
	config := &apiserver.AuthenticationConfiguration{}
	codecs := serializer.NewCodecFactory(scheme, serializer.EnableStrict)
	if err := runtime.DecodeInto(codecs.UniversalDecoder(), data, config); err != nil {
		return nil, err
	}
	compiler := authenticationcel.NewDefaultCompiler()
	return config, validation.ValidateAuthenticationConfiguration(compiler, config, nil).ToAggregate()
}

func main() {
	config, err := load(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	options := oidc.Options{
		JWTAuthenticator: config.JWT[0],
		// With a file, the API server accepts all of them.
		SupportedSigningAlgs: oidc.AllValidSigningAlgorithms(),
	}
	if pem := config.JWT[0].Issuer.CertificateAuthority; pem != "" {
		options.CAContentProvider = authority(pem)
	}
	ctx := context.Background()
	verifier, err := oidc.New(ctx, options)
	if err != nil {
		log.Fatal(err)
	}
	// It reads discovery and keys by itself, and tries again every 10 seconds.
	for deadline := time.Now().Add(time.Minute); verifier.HealthCheck() != nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			log.Fatal(verifier.HealthCheck())
		}
	}
	tokens := bufio.NewScanner(os.Stdin)
	tokens.Buffer(nil, 1<<20)
	for tokens.Scan() {
		answer := map[string]any{}
		if response, ok, err := verifier.AuthenticateToken(ctx, tokens.Text()); err != nil {
			answer["error"] = err.Error()
		} else if !ok {
			answer["error"] = "not a token of this issuer"
		} else {
			answer["username"], answer["groups"] = response.User.GetName(), response.User.GetGroups()
			answer["uid"], answer["extra"] = response.User.GetUID(), response.User.GetExtra()
		}
		line, err := json.Marshal(answer)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(line))
	}
}
