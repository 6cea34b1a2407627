package shop;

import java.util.HashSet;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.security.core.authority.mapping.GrantedAuthoritiesMapper;
import org.springframework.security.oauth2.client.oidc.web.logout.OidcClientInitiatedLogoutSuccessHandler;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.oauth2.core.oidc.user.OidcUserAuthority;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** A Spring Boot app that signs people in. Its redirect URI is https://YOUR-APP/login/oauth2/code/sigma. */
@SpringBootApplication
@RestController
public class Shop {
    public static void main(String[] args) {
        SpringApplication.run(Shop.class, args);
    }

    @Bean
    SecurityFilterChain security(HttpSecurity http, ClientRegistrationRepository apps) {
        var logout = new OidcClientInitiatedLogoutSuccessHandler(apps);
        logout.setPostLogoutRedirectUri("{baseUrl}/bye");
        return http
            .authorizeHttpRequests(requests -> requests
                .requestMatchers("/bye").permitAll()
                .requestMatchers("/stock").hasRole("Admin")
                .anyRequest().authenticated())
            .oauth2Login(login -> {})
            .logout(end -> end.logoutSuccessHandler(logout))
            .build();
    }

    /** Makes each of the claim's roles one of Spring's: `Admin` becomes `ROLE_Admin`. */
    @Bean
    GrantedAuthoritiesMapper roles() {
        return given -> {
            var all = new HashSet<GrantedAuthority>(given);
            for (var authority : given) {
                if (authority instanceof OidcUserAuthority user && user.getAttributes().get("roles") instanceof Iterable<?> roles) {
                    roles.forEach(role -> all.add(new SimpleGrantedAuthority("ROLE_" + role)));
                }
            }
            return all;
        };
    }

    @GetMapping("/")
    String home(@AuthenticationPrincipal OidcUser user) {
        return user.getFullName() + " is signed in as " + user.getName();
    }

    @GetMapping("/stock")
    String stock() {
        return "12 loaves";
    }

    @GetMapping("/bye")
    String bye() {
        return "Goodbye";
    }
}
