package api;

import java.util.Map;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtValidators;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** A Spring Boot API that verifies access tokens itself (RFC 9068). */
@SpringBootApplication
@RestController
public class Api {
    public static void main(String[] args) {
        SpringApplication.run(Api.class, args);
    }

    /** The decoder that Spring makes of `issuer-uri` alone refuses the type of access tokens, `at+jwt`. */
    @Bean
    JwtDecoder tokens(@Value("${sigma.issuer}") String issuer) {
        var decoder = NimbusJwtDecoder.withIssuerLocation(issuer).validateType(false).build();
        decoder.setJwtValidator(JwtValidators.createAtJwtValidator().issuer(issuer).audience("https://api.example.org").clientId("shop").build());
        return decoder;
    }

    @Bean
    SecurityFilterChain security(HttpSecurity http) {
        return http
            .authorizeHttpRequests(requests -> requests
                .requestMatchers("/notes").hasAuthority("SCOPE_notes:read")
                .anyRequest().denyAll())
            .oauth2ResourceServer(server -> server.jwt(jwt -> {}))
            .build();
    }

    @GetMapping("/notes")
    Map<String, String> notes(@AuthenticationPrincipal Jwt token) {
        return Map.of("of", token.getSubject(), "by", token.getClaimAsString("client_id"));
    }
}
