{{/* Everything that one Deployment of Meshop consists of. Takes (dict "root" $ "name" N "spec" S). */}}
{{- define "common.workload" -}}
{{- include "common.checkWorkload" . }}
{{ include "common.serviceAccount" . }}
---
{{ include "common.deployment" . }}
{{- if and .spec.ports (not (eq .spec.service false)) }}
---
{{ include "common.service" . }}
{{- end }}
{{- if .spec.disruption.enabled }}
---
{{ include "common.disruptionBudget" . }}
{{- end }}
{{- if .spec.autoscaling.enabled }}
---
{{ include "common.autoscaler" . }}
{{- end }}
{{- if and .root.Values.global.metrics.serviceMonitor .spec.ports }}
---
{{ include "common.podMonitor" . }}
{{- end }}
{{- end }}

{{- define "common.checkWorkload" -}}
{{- $scale := .spec.autoscaling -}}
{{- if and $scale.enabled (gt (int $scale.min) (int $scale.max)) -}}
{{- fail (printf "%s: autoscaling.min (%d) is larger than autoscaling.max (%d)." .name (int $scale.min) (int $scale.max)) -}}
{{- end -}}
{{- if and .spec.disruption.enabled (not $scale.enabled) (lt (int .spec.replicas) 2) -}}
{{- fail (printf "%s: a disruption budget for one replica blocks every drain of its node; set replicas to 2 or disruption.enabled to false." .name) -}}
{{- end -}}
{{- if not (dig "limits" "memory" "" .spec.resources) -}}
{{- fail (printf "%s: resources.limits.memory is required, or one leak takes the node down." .name) -}}
{{- end -}}
{{- range $kind := list "requests" "limits" }}
{{- range $what, $amount := (index $.spec.resources $kind) }}
{{- if not (regexMatch "^[0-9]+(\\.[0-9]+)?(m|[kMGTPE]|[KMGTPE]i)?$" (toString $amount)) }}
{{- fail (printf "%s: resources.%s.%s is `%s`; write a quantity of Kubernetes, as 250m or 512Mi." $.name $kind $what (toString $amount)) }}
{{- end }}
{{- end }}
{{- end -}}
{{- if not (dig "requests" "cpu" "" .spec.resources) -}}
{{- fail (printf "%s: resources.requests.cpu is required; autoscaling is a share of it." .name) -}}
{{- end -}}
{{- end }}

{{- define "common.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
automountServiceAccountToken: false
{{- end }}

{{- define "common.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
spec:
  {{- if not .spec.autoscaling.enabled }}
  replicas: {{ .spec.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  progressDeadlineSeconds: 600
  minReadySeconds: {{ .spec.minReadySeconds | default 0 }}
  strategy:
    {{- if .spec.alone }}
    type: Recreate
    {{- else }}
    type: RollingUpdate
    rollingUpdate: {maxSurge: 25%, maxUnavailable: 0}
    {{- end }}
  selector:
    matchLabels:
      {{- include "common.selectorLabels" . | nindent 6 }}
  template:
    {{- include "common.podTemplate" . | nindent 4 }}
{{- end }}

{{- define "common.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
spec:
  selector:
    {{- include "common.selectorLabels" . | nindent 4 }}
  ports:
    {{- range $port, $number := .spec.ports }}
    - name: {{ $port }}
      port: {{ $number }}
      targetPort: {{ $port }}
      appProtocol: {{ ternary "http" "tcp" (or (hasPrefix "http" $port) (eq "metrics" $port)) }}
    {{- end }}
{{- end }}

{{- define "common.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ .spec.disruption.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "common.selectorLabels" . | nindent 6 }}
{{- end }}

{{- define "common.podMonitor" -}}
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
spec:
  selector:
    matchLabels:
      {{- include "common.selectorLabels" . | nindent 6 }}
  podTargetLabels: [app.kubernetes.io/name, app.kubernetes.io/part-of]
  podMetricsEndpoints:
    - port: {{ hasKey .spec.ports "metrics" | ternary "metrics" "http" }}
      path: /metrics
{{- end }}
