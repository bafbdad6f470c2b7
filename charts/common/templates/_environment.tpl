{{/* Environment of a workload: the store's (when `store` is on), then its own. Values are templates.
     Secrets come only from Secrets; a value that looks like one is refused with a sentence.
     A Secret whose name is a template of nothing is left out. */}}
{{- define "common.environment" -}}
{{- $env := dict -}}
{{- $secrets := dict -}}
{{- if .spec.store -}}
{{- $env = deepCopy .root.Values.global.store.env -}}
{{- $secrets = deepCopy .root.Values.global.store.envSecrets -}}
{{- end -}}
{{- $env = mergeOverwrite $env (deepCopy (.spec.env | default dict)) -}}
{{- $secrets = mergeOverwrite $secrets (deepCopy (.spec.envSecrets | default dict)) -}}
{{- range .spec.withoutSecrets }}{{ $secrets = omit $secrets . }}{{ end -}}
{{- $context := .root -}}
{{- $name := .name -}}
{{- range $key, $value := $env }}
{{- if not (kindIs "invalid" $value) }}
{{- $text := tpl (toString $value) $context }}
{{- if or (regexMatch "(PASSWORD|SECRET|PRIVATE_KEY|TOKEN|API_KEY)$" $key) (regexMatch "^[a-z+]+://[^/@ ]*:[^/@ ]+@" $text) }}
{{- fail (printf "%s: env.%s holds a secret in plain sight; keep it in a Secret and name that in envSecrets.%s." $name $key $key) }}
{{- end }}
- name: {{ $key }}
  value: {{ $text | quote }}
{{- end }}
{{- end }}
{{- range $key, $source := $secrets }}
{{- if $source }}
{{- $secret := tpl (required (printf "%s: envSecrets.%s needs the name of a Secret." $name $key) $source.secret) $context }}
{{- if $secret }}
- name: {{ $key }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ tpl (required (printf "%s: envSecrets.%s needs the key within the Secret." $name $key) $source.key) $context }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
