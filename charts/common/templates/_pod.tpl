{{/* Security as Pod Security `restricted` wants it, and a read-only root on top. */}}
{{- define "common.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .spec.user | default 10001 }}
runAsGroup: {{ .spec.user | default 10001 }}
fsGroup: {{ .spec.user | default 10001 }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "common.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: {{ not (and .root.Values.global.writableRoot .spec.store) }}
runAsNonRoot: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* Writable places: one emptyDir per path of `scratch`, and what `volumes` adds. */}}
{{- define "common.volumeMounts" -}}
{{- range $path, $scratch := .spec.scratch }}
- name: {{ include "common.scratchName" $path }}
  mountPath: {{ $path }}
{{- end }}
{{- with .spec.volumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "common.scratchName" -}}
scratch{{ . | replace "/" "-" | replace "." "-" }}
{{- end }}

{{- define "common.volumes" -}}
{{- range $path, $scratch := .spec.scratch }}
- name: {{ include "common.scratchName" $path }}
  emptyDir: {{ toJson (dict "sizeLimit" ($scratch.size | default "64Mi") | merge (ternary (dict "medium" "Memory") dict ($scratch.memory | default false))) }}
{{- end }}
{{- with .spec.volumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The init container that holds a pod back until the tables are those that its code knows. Expand/contract
     migrations let old pods work on new tables, so nobody waits for anything else. */}}
{{- define "common.waitForMigrations" -}}
{{- $quiet := merge (dict "env" (omit (.spec.env | default dict) "HEARTBEAT_FILE" "PROMETHEUS_MULTIPROC_DIR")) (omit .spec "env") -}}
- name: wait-for-migrations
  image: {{ include "common.image" . }}
  imagePullPolicy: {{ .root.Values.global.image.pullPolicy }}
  args: [python, -m, config.migrations_wait]
  env:
    {{- include "common.environment" (merge (dict "spec" $quiet) (omit . "spec")) | nindent 4 }}
  resources:
    requests: {cpu: 10m, memory: 96Mi, ephemeral-storage: 64Mi}
    limits: {memory: 256Mi, ephemeral-storage: 2Gi}
  securityContext:
    {{- include "common.containerSecurity" . | nindent 4 }}
  volumeMounts:
    {{- include "common.volumeMounts" . | nindent 4 }}
{{- end }}

{{/* Without a limit, one runaway log evicts everybody on the node. Scratch places count towards it. */}}
{{- define "common.resources" -}}
{{- $disk := dict "requests" (dict "ephemeral-storage" "64Mi") "limits" (dict "ephemeral-storage" "2Gi") -}}
{{- merge (deepCopy .) $disk | toJson -}}
{{- end }}

{{- define "common.container" -}}
- name: {{ .name }}
  image: {{ include "common.image" . }}
  imagePullPolicy: {{ .root.Values.global.image.pullPolicy }}
  {{- with .spec.command }}
  command: {{ toJson . }}
  {{- end }}
  {{- with .spec.args }}
  args: {{ toJson . }}
  {{- end }}
  env:
    {{- include "common.environment" . | nindent 4 }}
  {{- with .spec.ports }}
  ports:
    {{- range $port, $number := . }}
    - name: {{ $port }}
      containerPort: {{ $number }}
    {{- end }}
  {{- end }}
  {{- range $kind, $probe := .spec.probes }}
  {{ $kind }}Probe: {{ toJson $probe }}
  {{- end }}
  {{- with .spec.preStopSleepSeconds }}
  lifecycle:
    preStop:
      sleep: {seconds: {{ . }}}
  {{- end }}
  resources: {{ include "common.resources" (required (printf "%s: resources are required; set requests and limits.memory." .name) .spec.resources) }}
  securityContext:
    {{- include "common.containerSecurity" . | nindent 4 }}
  volumeMounts:
    {{- include "common.volumeMounts" . | nindent 4 }}
{{- end }}

{{/* A pod template. `restartPolicy` is given by Jobs only. */}}
{{- define "common.podTemplate" -}}
metadata:
  labels:
    {{- include "common.podLabels" . | nindent 4 }}
    {{- with include "common.meshLabels" . }}
    {{- . | nindent 4 }}
    {{- end }}
  annotations:
    kubectl.kubernetes.io/default-container: {{ .name }}
    {{- with include "common.meshAnnotations" . }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with .spec.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ .name }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .spec.graceSeconds | default 45 }}
  {{- with .restartPolicy }}
  restartPolicy: {{ . }}
  {{- end }}
  {{- with .root.Values.global.image.pullSecrets }}
  imagePullSecrets: {{ toJson . }}
  {{- end }}
  {{- with .root.Values.global.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  securityContext:
    {{- include "common.podSecurity" . | nindent 4 }}
  {{- with .spec.nodeSelector }}
  nodeSelector: {{ toJson . }}
  {{- end }}
  {{- with .spec.tolerations }}
  tolerations: {{ toJson . }}
  {{- end }}
  {{- if not .restartPolicy }}
  topologySpreadConstraints:
    {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ $key }}
      whenUnsatisfiable: {{ $.root.Values.global.spread }}
      labelSelector:
        matchLabels:
          {{- include "common.selectorLabels" $ | nindent 10 }}
      {{- if ne ($.kind | default "Deployment") "StatefulSet" }}
      matchLabelKeys: [pod-template-hash]
      {{- end }}
    {{- end }}
  {{- end }}
  {{- if .spec.waitForMigrations }}
  initContainers:
    {{- include "common.waitForMigrations" . | nindent 4 }}
  {{- end }}
  containers:
    {{- include "common.container" . | nindent 4 }}
  volumes:
    {{- include "common.volumes" . | nindent 4 }}
{{- end }}
