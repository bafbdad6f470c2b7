{{/* What a generated secret is now: the one in the cluster if there is one, so that upgrades keep it, else a new one
     of 32 letters and digits, which are safe in URLs. Takes (dict "root" $ "secret" NAME "key" KEY). */}}
{{- define "common.generated" -}}
{{- $there := lookup "v1" "Secret" .root.Release.Namespace .secret -}}
{{- if and $there (hasKey ($there.data | default dict) .key) -}}
{{- index $there.data .key | b64dec -}}
{{- else -}}
{{- .fresh | default (randAlphaNum 32) -}}
{{- end -}}
{{- end }}
