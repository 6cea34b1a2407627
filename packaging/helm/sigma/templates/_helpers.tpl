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
