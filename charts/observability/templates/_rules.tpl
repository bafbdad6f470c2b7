{{/* The rule file, with the address of the runbooks. Its own templates are Prometheus's, not Helm's. */}}
{{- define "observability.rules" -}}
{{- .Values.rules.text | default (.Files.Get "rules/meshop.yaml") | replace "docs/runbooks/" (printf "%sdocs/runbooks/" .Values.rules.runbooks) }}
{{- end }}
