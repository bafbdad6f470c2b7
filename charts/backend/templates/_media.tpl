{{/* The place of uploaded pictures, added to what a pod has. Takes (dict "root" $ "spec" SPEC); answers the new spec. */}}
{{- define "backend.withMedia" -}}
{{- $claim := dict "claimName" (.root.Values.media.existingClaim | default "media") -}}
{{- $spec := deepCopy .spec -}}
{{- $_ := set $spec "volumes" (append ($spec.volumes | default list) (dict "name" "media" "persistentVolumeClaim" $claim)) -}}
{{- $_ = set $spec "volumeMounts" (append ($spec.volumeMounts | default list) (dict "name" "media" "mountPath" "/media")) -}}
{{- toJson $spec -}}
{{- end }}
