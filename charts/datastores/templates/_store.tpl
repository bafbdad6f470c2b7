{{- define "datastores.store" -}}
{{- $root := .root -}}
{{- $name := .name -}}
{{- $store := .store -}}
{{- $probe := dict "exec" (dict "command" $store.probe) "timeoutSeconds" 10 -}}
{{- $spec := dict
  "image" (merge (dict "foreign" true) $store.image)
  "user" $store.user
  "command" (list "sh" (printf "/scripts/%s" $store.script))
  "ports" (dict "tcp" $store.port)
  "env" ($store.env | default dict)
  "resources" $store.resources
  "graceSeconds" 60
  "scratch" (dict "/tmp" (dict "size" "256Mi") "/run/meshop" (dict "size" "64Mi"))
  "probes" (dict
    "startup" (merge (dict "periodSeconds" 3 "failureThreshold" 100) $probe)
    "liveness" (dict "tcpSocket" (dict "port" "tcp") "periodSeconds" 20 "failureThreshold" 6 "timeoutSeconds" 10)
    "readiness" (merge (dict "periodSeconds" 5 "failureThreshold" 3) $probe))
  "volumeMounts" (list (dict "name" "data" "mountPath" "/data") (dict "name" "scripts" "mountPath" "/scripts" "readOnly" true))
  "volumes" (list (dict "name" "scripts" "configMap" (dict "name" "datastore-scripts")))
  "podAnnotations" (dict "checksum/script" ($root.Files.Get (printf "scripts/%s" $store.script) | sha256sum))
-}}
{{- if $store.credential -}}
{{- $_ := set $spec "envSecrets" (dict "PASSWORD" (dict "secret" $name "key" "password")) -}}
{{- end -}}
{{- $context := dict "root" $root "name" $name "spec" $spec "kind" "StatefulSet" -}}
{{ include "common.serviceAccount" $context }}
{{- if $store.credential }}
{{- $password := include "common.generated" (dict "root" $root "secret" $name "key" "password") }}
---
apiVersion: v1
kind: Secret
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "common.labels" $context | nindent 4 }}
  annotations: {helm.sh/resource-policy: keep}
type: Opaque
stringData:
  password: {{ $password | quote }}
  url: {{ printf $store.credential.url $password | quote }}
{{- end }}
---
{{ include "common.service" $context }}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "common.labels" $context | nindent 4 }}
  # The public images know user 999 and no higher; one pod needs no name of its own.
  annotations: {kube-score/ignore: "container-security-context-user-group-id,statefulset-has-servicename"}
spec:
  serviceName: {{ $name }}
  replicas: 1
  selector:
    matchLabels:
      {{- include "common.selectorLabels" $context | nindent 6 }}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Retain, whenScaled: Retain}
  template:
    {{- include "common.podTemplate" $context | nindent 4 }}
  volumeClaimTemplates:
    - metadata:
        name: data
      spec:
        accessModes: [ReadWriteOnce]
        {{- with $root.Values.storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources: {requests: {storage: {{ $store.size }}}}
{{- end }}
