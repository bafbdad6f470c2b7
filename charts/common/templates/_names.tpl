{{/* Names and labels. Every include takes (dict "root" $ "name" "backend" "spec" <the workload's values>). */}}

{{- define "common.selectorLabels" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{/* Of pods: nothing that changes with the version of a chart, or every upgrade would restart the databases. */}}
{{- define "common.podLabels" -}}
{{ include "common.selectorLabels" . }}
app.kubernetes.io/part-of: meshop
{{- end }}

{{- define "common.labels" -}}
{{ include "common.podLabels" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* The image by digest if there is one, else by tag, else by the version of the chart. */}}
{{- define "common.image" -}}
{{- $image := .spec.image -}}
{{- $registry := ternary "" .root.Values.global.image.registry ($image.foreign | default false) -}}
{{- $tag := $image.tag | default .root.Values.global.image.tag | default .root.Chart.AppVersion -}}
{{- if eq $tag "latest" -}}
{{- fail (printf "%s: an image tagged `latest` cannot be rolled back; name a version in image.tag or global.image.tag." .name) -}}
{{- end -}}
{{- with $registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{ $image.repository }}{{ if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $tag }}{{ end }}
{{- end }}

{{/* What makes the mesh take a pod in, as a native sidecar so that Jobs end. "labels" and "annotations" in YAML. */}}
{{- define "common.meshLabels" -}}
{{- if eq .root.Values.global.mesh.provider "istio" -}}
sidecar.istio.io/inject: "true"
{{- end -}}
{{- end }}

{{- define "common.meshAnnotations" -}}
{{- $mesh := .root.Values.global.mesh -}}
{{- if eq $mesh.provider "istio" -}}
sidecar.istio.io/nativeSidecar: "true"
{{- with $mesh.proxy }}
sidecar.istio.io/proxyCPU: {{ .cpu | quote }}
sidecar.istio.io/proxyMemory: {{ .memory | quote }}
sidecar.istio.io/proxyMemoryLimit: {{ .memoryLimit | quote }}
{{- end }}
{{- else if eq $mesh.provider "linkerd" -}}
linkerd.io/inject: enabled
config.linkerd.io/default-inbound-policy: deny
config.alpha.linkerd.io/proxy-enable-native-sidecar: "true"
{{- with $mesh.proxy }}
config.linkerd.io/proxy-cpu-request: {{ .cpu | quote }}
config.linkerd.io/proxy-memory-request: {{ .memory | quote }}
config.linkerd.io/proxy-memory-limit: {{ .memoryLimit | quote }}
{{- end }}
{{- end -}}
{{- end }}
