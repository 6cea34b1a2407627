{{- define "sigma.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "sigma.selector" -}}
app.kubernetes.io/name: sigma
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "sigma.labels" -}}
{{ include "sigma.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "sigma.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "sigma.name" .) }}{{ else }}{{ .Values.serviceAccount.name | default "default" }}{{ end }}
{{- end }}

{{- define "sigma.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}{{ else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- /* The keys that the Secret must have, unless extraEnv has them: without them each pod would make up a database and a key of its own. */ -}}
{{- define "sigma.needed" -}}
{{- $given := list }}
{{- range .Values.extraEnv }}{{ $given = append $given .name }}{{ end }}
{{- $needed := list }}
{{- if not (has "SIGMA__STORE__URL" $given) }}{{ $needed = append $needed "SIGMA__STORE__URL" }}{{ end }}
{{- $isKey := or (has "SIGMA__MASTER_KEY__VALUE" $given) (has "SIGMA__MASTER_KEY__COMMAND" $given) (has "SIGMA__MASTER_KEY__FILE" $given) }}
{{- if not $isKey }}{{ $needed = append $needed "SIGMA__MASTER_KEY__VALUE" }}{{ end }}
{{- toJson $needed }}
{{- end }}

{{- /* Fails if the Secret that is in the cluster cannot work. One that is not there yet is left to the pods, which wait for its keys. */ -}}
{{- define "sigma.check" -}}
{{- $name := .Values.existingSecret }}
{{- $secret := lookup "v1" "Secret" .Release.Namespace $name }}
{{- if $secret }}
{{- $data := $secret.data | default dict }}
{{- range include "sigma.needed" . | fromJsonArray }}
{{- $value := get $data . | b64dec | trim }}
{{- if not $value }}{{ fail (printf "the Secret %s has no %s" $name .) }}{{ end }}
{{- if and (eq . "SIGMA__STORE__URL") (not (regexMatch "^postgres(ql)?://" $value)) }}
{{- fail (printf "%s in the Secret %s is not the address of a PostgreSQL database (postgres://…): pods share no file" . $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* The configuration file. What the chart decides takes precedence over settings. */ -}}
{{- define "sigma.toml" -}}
{{- $settings := deepCopy .Values.settings }}
{{- $_ := set $settings "issuer" .Values.issuer }}
{{- $_ := set $settings "listen" "[::]:8080" }}
{{- $objects := get $settings "objects" | default dict }}
{{- if not (hasKey $objects "s3") }}{{ $_ := set $objects "folder" "/data/objects" }}{{ end }}
{{- $_ := set $settings "objects" $objects }}
{{- if .Values.metrics.enabled }}{{ $_ := set $settings "metrics" (dict "listen" (printf "[::]:%d" (int .Values.metrics.port))) }}{{ end }}
{{- /* Numbers of YAML are floating-point: 600 would become 600.0. */}}
{{- regexReplaceAll "(?m)^(\\s*[A-Za-z0-9_-]+ = -?[0-9]+)\\.0$" (toToml $settings) "${1}" }}
{{- end }}
