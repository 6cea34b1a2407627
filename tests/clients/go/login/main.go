// Command login is a web app that signs people in, with go-oidc and golang.org/x/oauth2 under /go-oidc/, and with the relying party of
// zitadel/oidc under /zitadel/. It prints its origin and serves until it is killed. What the guide shows is between the marks.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	zitadel "github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/oauth2"
)

func main() {
	issuer, clientID, clientSecret := os.Getenv("ISSUER"), os.Getenv("CLIENT_ID"), os.Getenv("CLIENT_SECRET")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	origin := "http://" + listener.Addr().String()
	mux := http.NewServeMux()
	if err := goOIDC(mux, issuer, clientID, clientSecret, origin); err != nil {
		log.Fatal(err)
	}
	if err := zitadelRP(mux, issuer, clientID, clientSecret, origin); err != nil {
		log.Fatal(err)
	}
	fmt.Println(origin)
	log.Fatal(http.Serve(listener, mux))
}

// guide: go-oidc
func goOIDC(mux *http.ServeMux, issuer, clientID, clientSecret, origin string) error {
	provider, err := oidc.NewProvider(context.Background(), issuer)
	if err != nil {
		return err
	}
	config := oauth2.Config{
		ClientID:     clientID,
		ClientSecret: clientSecret,
		Endpoint:     provider.Endpoint(),
		RedirectURL:  origin + "/go-oidc/callback",
		Scopes:       []string{oidc.ScopeOpenID, "profile"},
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: clientID})

	mux.HandleFunc("/go-oidc/login", func(w http.ResponseWriter, r *http.Request) {
		state, nonce, pkce := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
		for name, value := range map[string]string{"state": state, "nonce": nonce, "pkce": pkce} {
			http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/go-oidc/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: 600})
		}
		http.Redirect(w, r, config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(pkce)), http.StatusFound)
	})
	mux.HandleFunc("/go-oidc/callback", func(w http.ResponseWriter, r *http.Request) {
		kept := func(name string) string {
			cookie, err := r.Cookie(name)
			if err != nil {
				return ""
			}
			return cookie.Value
		}
		if r.URL.Query().Get("state") == "" || r.URL.Query().Get("state") != kept("state") {
			http.Error(w, "this sign-in did not begin here", http.StatusBadRequest)
			return
		}
		token, err := config.Exchange(r.Context(), r.URL.Query().Get("code"), oauth2.VerifierOption(kept("pkce")))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		raw, _ := token.Extra("id_token").(string)
		idToken, err := verifier.Verify(r.Context(), raw)
		if err != nil || idToken.Nonce != kept("nonce") {
			http.Error(w, fmt.Sprint("the ID token is not for this sign-in: ", err), http.StatusBadGateway)
			return
		}
		// The ID token has no name: userinfo has.
		info, err := provider.UserInfo(r.Context(), config.TokenSource(r.Context(), token))
		if err != nil || info.Subject != idToken.Subject {
			http.Error(w, fmt.Sprint("userinfo: ", err), http.StatusBadGateway)
			return
		}
		var profile struct {
			Name string `json:"name"`
		}
		if err := info.Claims(&profile); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		signedIn(w, idToken.Subject, profile.Name)
	})
	return nil
}

// guide: end

// guide: zitadel
func zitadelRP(mux *http.ServeMux, issuer, clientID, clientSecret, origin string) error {
	key := []byte(rand.Text()[:16])
	cookies := httphelper.NewCookieHandler(key, key, httphelper.WithUnsecure()) // without WithUnsecure where the app has https
	party, err := rp.NewRelyingPartyOIDC(context.Background(), issuer, clientID, clientSecret, origin+"/zitadel/callback",
		[]string{"openid", "profile"}, rp.WithCookieHandler(cookies), rp.WithPKCE(cookies))
	if err != nil {
		return err
	}
	mux.Handle("/zitadel/login", rp.AuthURLHandler(func() string { return rand.Text() }, party))
	welcome := func(w http.ResponseWriter, r *http.Request, _ *zitadel.Tokens[*zitadel.IDTokenClaims], _ string, _ rp.RelyingParty, info *zitadel.UserInfo) {
		signedIn(w, info.Subject, info.Name)
	}
	mux.Handle("/zitadel/callback", rp.CodeExchangeHandler(rp.UserinfoCallback(welcome), party))
	return nil
}

// guide: end

func signedIn(w http.ResponseWriter, sub, name string) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"sub": sub, "name": name})
}
